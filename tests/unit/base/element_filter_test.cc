#include "base/element_filter.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/json.h"

namespace nbkeys::base {
namespace {

std::string kept(std::string_view text) {
  ElementFilter filter({"id", "name"});
  SecretText out;
  filter.feed(text, out);
  return std::string(out.reveal());
}

TEST(ElementFilter, KeepsOnlyTheMembersThatAreWanted) {
  EXPECT_EQ(kept(R"([ {"id":"a", "peers":[{"id":"p","name":"x"},[]], "name" : "A", "n":12.5e3},
                      {"peers_count":0,"id":"b"} , {"x":null}, {} ] )"),
            R"([{"id":"a","name":"A"},{"id":"b"},{},{}])");
  EXPECT_EQ(kept("[]"), "[]");
  EXPECT_EQ(kept(" \n[\t]\r\n"), "[]");
}

TEST(ElementFilter, ValuesOfAnyKindAreKeptAsTheyStand) {
  EXPECT_EQ(kept(R"([{"id":17,"name":{"a":[1, "}"]}},{"id":true,"name":[ ]}])"),
            R"([{"id":17,"name":{"a":[1, "}"]}},{"id":true,"name":[ ]}])");
}

TEST(ElementFilter, TextsMayHoldWhatLooksLikeStructure) {
  EXPECT_EQ(kept(R"([{"s":"\"}],[{\\","id":"\\\"","]":"}"},{"name":"{[\u0041"}])"),
            R"([{"id":"\\\""},{"name":"{[\u0041"}])");
}

TEST(ElementFilter, ElementsThatAreNoObjectsShowAsNull) {
  EXPECT_EQ(kept(R"([1,"a,]",[{"id":"x"}],null,{"id":"b"},true])"),
            R"([null,null,null,null,{"id":"b"},null])");
}

TEST(ElementFilter, WhereverThePiecesFallItKeepsTheSame) {
  const std::string text =
      R"([{"id":"a\"","peers":[{"id":"p\\"},"]"],"name":"A"}, 3 ,{"x":-1.5,"id":"b"}] )";
  const std::string whole = kept(text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    ElementFilter filter({"id", "name"});
    SecretText out;
    filter.feed(text.substr(0, cut), out);
    filter.feed(text.substr(cut), out);
    EXPECT_EQ(out.reveal(), whole) << cut;
  }
}

TEST(ElementFilter, WhatIsNoListIsKeptAsItIs) {
  for (const char* text :
       {R"({"message":"token invalid","code":401})", "<html>[1]</html>", "", " \n{\"id\":[1]} "}) {
    EXPECT_EQ(parse_json(kept(text), "").ok(), parse_json(text, "").ok()) << text;
  }
  EXPECT_EQ(kept(R"({"message": "no", "id": 1})"), R"({"message": "no", "id": 1})");
}

TEST(ElementFilter, WhatIsDamagedOrCutOffDoesNotComeOutWhole) {
  const std::string whole = R"([{"id":"a","peers":[{"p":1}],"name":"A"}])";
  for (std::size_t size = 1; size < whole.size(); ++size) {
    EXPECT_FALSE(parse_json(kept(whole.substr(0, size)), "").ok()) << whole.substr(0, size);
  }
  for (const char* text :
       {R"([{"id":"a"} {"id":"b"}])", R"([{"id":"a" "x":1}])", R"([{"id":}])", R"([{"id"}])",
        R"([{"x":1,}])", R"([,{}])", R"([{},])", R"([{}]])", R"([{}] x)", R"([{id:1}])",
        R"([{"x"=1}])", R"([{"x"::1}])", "[}", "[{]"}) {
    EXPECT_FALSE(parse_json(kept(text), "").ok()) << text << " became " << kept(text);
  }
}

TEST(ElementFilter, ALongValueIsLeftOut) {
  const std::string fits(ElementFilter::kValueMax - 2, 'x');
  EXPECT_EQ(kept("[{\"id\":\"a\",\"name\":\"" + fits + "\"}]"),
            "[{\"id\":\"a\",\"name\":\"" + fits + "\"}]");
  EXPECT_EQ(kept("[{\"id\":\"a\",\"name\":\"" + fits + "x\"},{\"id\":\"b\"}]"),
            R"([{"id":"a"},{"id":"b"}])");
}

TEST(ElementFilter, NinetyMegabytesLeaveNothingBehind) {
  std::string peers = "[";
  for (int i = 0; i < 10'000; ++i) peers += R"({"id":"peer","name":"host"},)";
  peers += "{}]";
  ElementFilter filter({"id", "name"});
  SecretText out;
  filter.feed("[", out);
  std::size_t fed = 0;
  for (; fed < 90u << 20; fed += peers.size()) {
    filter.feed(R"({"id":"g","peers":)", out);
    filter.feed(peers, out);
    filter.feed(R"(,"name":"n"},)", out);
  }
  filter.feed("{}]", out);
  EXPECT_LT(out.size(), 16u << 10);
  EXPECT_TRUE(parse_json(out.reveal(), "").ok());
}

}  // namespace
}  // namespace nbkeys::base
