#pragma once
// Labels, annotations, types and names of a Secret by which other software takes it for its own.
// Whoever may write SetupKeys but no Secrets could have that software act with its rights, as Helm
// uninstalls what a Secret with its labels lists. One list for the CRD's rules, `nbkeys render` and
// the operator; it cannot be whole, so an installation may add to it.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nbkeys::kube {

enum class Part : unsigned { kLabel = 1, kAnnotation = 2, kType = 4, kName = 8 };

// An entry is `name`, `name=value`, `domain/` for all names of a DNS domain and those below it, or
// `beginning.` for all names that begin so.
struct Refusal {
  std::string_view entry;
  unsigned parts;  // a sum of Part
  std::string_view why;
};

std::span<const Refusal> refusals();
bool refuses(const Refusal& refusal, Part part);

// `value` is empty for a type or a Secret's own name.
bool entry_fits(std::string_view entry, std::string_view name, std::string_view value);
bool is_entry(std::string_view text);  // whether it could ever fit

// "ENTRY: why" of the first that fits; `also` are an installation's own entries, which count for
// every part. Nothing where the name may stand.
std::optional<std::string> why_refused(Part part, std::string_view name, std::string_view value,
                                       const std::vector<std::string>& also = {});

}  // namespace nbkeys::kube
