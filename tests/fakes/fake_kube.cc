#include "fakes/fake_kube.h"

#include <algorithm>
#include <cstdlib>

#include "base/hash.h"

namespace nbkeys::fakes {
namespace {

constexpr std::size_t kPagesMax = 32;

bool wants_metadata(std::string_view accept) {
  return accept.find("as=PartialObjectMetadata") != std::string_view::npos;
}
bool wants_metadata_list(std::string_view accept) {
  return accept.find("as=PartialObjectMetadataList") != std::string_view::npos;
}

io::HttpResponse response(int status, const Json& body, base::Now now) {
  io::HttpResponse out;
  out.status = status;
  out.body = base::SecretText(body.dump());
  out.date = now.wall;
  return out;
}

Refusal not_acceptable() {
  return {406, "NotAcceptable", "the requested view does not fit what is asked for"};
}

std::variant<Filter, Refusal> read_filter(const Url& url, const Target& target) {
  const auto labels = Selector::parse(url.parameter("labelSelector"));
  const auto fields = Selector::parse(url.parameter("fieldSelector"));
  if (!labels || !fields) {
    return Refusal{400, "BadRequest", "the fake server does not know this form of selector"};
  }
  return Filter{target.name_space, *labels, *fields};
}

}  // namespace

FakeKube::FakeKube() : schema_(Schema::from_crd(NBKEYS_CRD_FILE)) {
  for (const char* name : {"default", "kube-system", "nbkeys-system"}) {
    store_.put("namespaces", {{"apiVersion", "v1"},
                              {"kind", "Namespace"},
                              {"metadata", {{"name", name}, {"uid", new_uid()}}},
                              {"status", {{"phase", "Active"}}}});
  }
}

// Looks like a UUID and is the same in each run.
std::string FakeKube::new_uid() {
  const std::string hex = base::sha256_hex("uid " + std::to_string(++last_uid_));
  return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-4" + hex.substr(13, 3) + "-8" +
         hex.substr(17, 3) + "-" + hex.substr(20, 12);
}

void FakeKube::restore(const FakeKube& backup) {
  store_.restore(backup.store_);
  pages_.clear();
}

bool FakeKube::is_watch(const io::HttpRequest& request) {
  const std::string watch = parse_url(request.path).parameter("watch");
  return request.method == io::Method::kGet && (watch == "true" || watch == "1");
}

std::optional<Target> FakeKube::find_target(const Url& url) const {
  auto target = resolve(url);
  if (target && target->type->custom && !crd_installed_) return std::nullopt;
  return target;
}

io::HttpResponse FakeKube::handle(const io::HttpRequest& request, base::Now now) {
  const Url url = parse_url(request.path);
  if (url.segments.size() == 1 &&
      (url.segments[0] == "readyz" || url.segments[0] == "healthz" || url.segments[0] == "livez")) {
    return response(200, "ok", now);
  }
  if (url.segments.size() == 1 && url.segments[0] == "version") {
    return response(200, {{"major", "1"}, {"minor", "35"}, {"gitVersion", "v1.35.0-fake"}}, now);
  }
  const auto target = find_target(url);
  if (!target) {
    const Refusal unknown{404, "NotFound", "the server could not find the requested resource"};
    return response(404, status_body(unknown, nullptr, ""), now);
  }
  const Call call{request, url, *target, now, url.parameter("dryRun") == "All"};
  Outcome outcome = Refusal{};
  try {
    outcome = route(call);
  } catch (const Json::exception&) {
    outcome = Refusal{400, "BadRequest", "the object provided is unrecognized"};
  } catch (const std::invalid_argument& error) {
    outcome = Refusal{400, "BadRequest", error.what()};
  }
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
    return response(refusal->code, status_body(*refusal, target->type, target->name), now);
  }
  auto& answer = std::get<KubeAnswer>(outcome);
  const bool one_object = answer.body.contains("metadata") && !answer.body.contains("items") &&
                          text_at(answer.body, {"kind"}) != "Status";
  if (one_object && wants_metadata(request.accept)) answer.body = metadata_view(answer.body);
  return response(answer.status, answer.body, now);
}

FakeKube::Outcome FakeKube::route(const Call& call) {
  const bool named = !call.target.name.empty();
  const std::string& sub = call.target.subresource;
  if (!sub.empty() && (sub != "status" || !call.type().custom)) {
    return Refusal{404, "NotFound", "the server could not find the requested resource"};
  }
  switch (call.request.method) {
    case io::Method::kGet: return named ? get(call) : list(call);
    case io::Method::kPost:
      if (!named) return create(call);
      break;
    case io::Method::kPut:
      if (named) return replace(call);
      break;
    case io::Method::kPatch:
      if (named) return patch(call);
      break;
    case io::Method::kDelete:
      if (named && sub.empty()) return remove(call);
      break;
  }
  return Refusal{405, "MethodNotAllowed",
                 "the server does not allow this method on the requested resource"};
}

FakeKube::Outcome FakeKube::get(const Call& call) const {
  const Target& t = call.target;
  const Object found = store_.find(t.type->plural, t.name_space, t.name);
  if (!found) return not_found(*t.type, t.name);
  if (wants_metadata_list(call.request.accept)) return not_acceptable();
  return KubeAnswer{200, *found};
}

// All pages of one list show the same moment, as the real server's do.
FakeKube::Outcome FakeKube::list(const Call& call) {
  const bool metadata = wants_metadata(call.request.accept);
  if (metadata && !wants_metadata_list(call.request.accept)) return not_acceptable();
  auto filter = read_filter(call.url, call.target);
  if (const auto* refusal = std::get_if<Refusal>(&filter)) return *refusal;
  Pages pages{store_.version(), store_.compactions(), {}};
  const std::string token = call.url.parameter("continue");
  if (token.empty()) {
    pages.rest = store_.list(call.type().plural, std::get<Filter>(filter));
  } else {
    const auto found = pages_.find(token);
    if (found == pages_.end() || found->second.compactions != store_.compactions()) {
      return Refusal{410, "Expired",
                     "The provided continue parameter is too old to display a consistent list "
                     "result."};
    }
    pages = found->second;
  }
  std::size_t limit = std::strtoul(call.url.parameter("limit").c_str(), nullptr, 10);
  if (limit == 0) limit = pages.rest.size();
  const std::size_t count = std::min(limit, pages.rest.size());
  Json items = Json::array();
  for (std::size_t i = 0; i < count; ++i) {
    items.push_back(metadata ? metadata_view(*pages.rest[i]) : *pages.rest[i]);
  }
  Json body = {{"kind", metadata ? "PartialObjectMetadataList" : call.type().kind + "List"},
               {"apiVersion", metadata ? "meta.k8s.io/v1" : call.type().api_version()},
               {"metadata", {{"resourceVersion", std::to_string(pages.version)}}},
               {"items", std::move(items)}};
  if (count < pages.rest.size()) {
    pages.rest.erase(pages.rest.begin(), pages.rest.begin() + static_cast<std::ptrdiff_t>(count));
    body["metadata"]["remainingItemCount"] = pages.rest.size();
    const std::string next = "page-" + std::to_string(++last_page_);
    body["metadata"]["continue"] = next;
    pages_[next] = std::move(pages);
    while (pages_.size() > kPagesMax) pages_.erase(pages_.begin());
  }
  return KubeAnswer{200, std::move(body)};
}

FakeKube::WatchStart FakeKube::open_watch(const std::string& path, const std::string& accept,
                                          base::Now now) {
  const Url url = parse_url(path);
  const auto target = find_target(url);
  const auto refuse = [&target](const Refusal& refusal) {
    const ResourceType* type = target ? target->type : nullptr;
    return WatchStart{refusal.code, status_body(refusal, type, "").dump(), std::nullopt};
  };
  if (!target) {
    return refuse({404, "NotFound", "the server could not find the requested resource"});
  }
  if (wants_metadata_list(accept)) return refuse(not_acceptable());
  auto filter = read_filter(url, *target);
  if (const auto* refusal = std::get_if<Refusal>(&filter)) return refuse(*refusal);
  WatchRequest request{.resource = target->type->plural,
                       .filter = std::get<Filter>(filter),
                       .metadata_only = wants_metadata(accept),
                       .bookmarks = url.parameter("allowWatchBookmarks") == "true",
                       .from = std::nullopt,
                       .timeout = base::Duration{0},
                       .kind = target->type->kind,
                       .api_version = target->type->api_version()};
  const std::string version = url.parameter("resourceVersion");
  if (!version.empty() && version != "0") {
    request.from = std::strtoull(version.c_str(), nullptr, 10);
  }
  request.timeout =
      base::Duration{1000 * std::strtoll(url.parameter("timeoutSeconds").c_str(), nullptr, 10)};
  const auto id = store_.open_watch(request, now.mono);
  if (id) return {200, "", id};
  const Refusal gone{
      410, "Expired",
      "too old resource version: " + version + " (" + std::to_string(store_.version()) + ")"};
  if (gone_ == Gone::kHttpStatus) return refuse(gone);
  const Json event = {{"type", "ERROR"}, {"object", status_body(gone, nullptr, "")}};
  return {200, event.dump() + "\n", std::nullopt};
}

}  // namespace nbkeys::fakes
