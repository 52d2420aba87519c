#pragma once
// One SetupKey at rest with all that belongs to it, as the servers show it, and any number of
// copies of that under other names: so a world of 100,000 SetupKeys costs no more than its text.

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"

namespace nbkeys::bench {

// What differs between two copies.
struct Copy {
  explicit Copy(std::size_t number);
  std::string name, uid, owner, key_id;
};

// A text with places for what differs.
class Form {
 public:
  using Field = std::string Copy::*;
  // Each of these values is a place for its field wherever it stands in the text.
  Form(std::string_view text, const std::vector<std::pair<std::string, Field>>& values);

  std::string fill(const Copy& copy, std::string_view version) const;
  // Marks the place of the version in the text given to the constructor.
  static constexpr std::string_view kVersion = "@version@";

 private:
  struct Piece {
    std::string text;
    Field field = nullptr;  // what comes after the text; null: the version, or the end
    bool version = false;
  };
  std::vector<Piece> pieces_;
};

struct Sample {
  Form setup_key;
  Form secret_metadata;
  Form secret;
  Form netbird_key;
  base::Now now;  // when the sample came to rest
};

// Lets a real engine issue one key against the fake servers, and takes what is there then. Its
// template has so many bytes of data, and a quarter as many of annotations.
Sample make_sample(std::size_t template_bytes = 0);

}  // namespace nbkeys::bench
