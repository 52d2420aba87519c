#include "engine/action.h"

#include "base/result.h"

namespace nbkeys::engine {
namespace {

using Cost = ActionTraits::Cost;
using Kind = ActionTraits::Kind;
using io::Server;

constexpr ActionTraits kRest{"rest", Server::kKube, Cost::kNothing, Kind::kNone};
constexpr ActionTraits kReadSetupKey{"read_setupkey", Server::kKube, Cost::kNothing,
                                     Kind::kReadSetupKey};
constexpr ActionTraits kAddFinalizer{"add_finalizer", Server::kKube, Cost::kNothing,
                                     Kind::kFinalizers};
constexpr ActionTraits kRemoveFinalizer{"remove_finalizer", Server::kKube, Cost::kNothing,
                                        Kind::kFinalizers};
constexpr ActionTraits kWriteStatus{"write_status", Server::kKube, Cost::kNothing, Kind::kStatus};
// Whoever takes it away again and again shall not make us write without end.
constexpr ActionTraits kRestoreStatus{"restore_status",
                                      Server::kKube,
                                      Cost::kNothing,
                                      Kind::kRestoreStatus,
                                      {base::Duration{5'000}, base::Duration{285'000}, 5}};
constexpr ActionTraits kClaim{"claim", Server::kKube, Cost::kPaysForCreate, Kind::kStatus};
// NetBird may have made a key each time, so this is tried seldom.
constexpr ActionTraits kCreateKey{"create_key",
                                  Server::kNetBird,
                                  Cost::kPaidByClaim,
                                  Kind::kCreateKey,
                                  {base::Duration{5'000}, base::Duration{292'000}, 5}};
constexpr ActionTraits kLookForSecret{"look_for_secret", Server::kKube, Cost::kNothing,
                                      Kind::kReadSecret};
constexpr ActionTraits kReadSecret{"read_secret", Server::kKube, Cost::kNothing, Kind::kReadSecret};
constexpr ActionTraits kTryWritingSecret{"try_writing_secret", Server::kKube, Cost::kNothing,
                                         Kind::kTrySecret};
constexpr ActionTraits kWriteSecret{"write_secret", Server::kKube, Cost::kNothing,
                                    Kind::kWriteSecret};
constexpr ActionTraits kRepairSecret{"repair_secret", Server::kKube, Cost::kNothing,
                                     Kind::kRepairSecret};
constexpr ActionTraits kUpdateGroups{"update_groups", Server::kNetBird, Cost::kOneCall,
                                     Kind::kUpdateGroups};
constexpr ActionTraits kRevokeKey{"revoke_key", Server::kNetBird, Cost::kOneCall, Kind::kRevokeKey};
constexpr ActionTraits kDeleteKey{"delete_key", Server::kNetBird, Cost::kOneCall, Kind::kDeleteKey};

const std::string kNone;

}  // namespace

const ActionTraits& traits_of(const Action& action) {
  using Traits = const ActionTraits&;
  return std::visit(
      base::overloaded{[](const Rest&) -> Traits { return kRest; },
                       [](const ReadSetupKey&) -> Traits { return kReadSetupKey; },
                       [](const AddFinalizer&) -> Traits { return kAddFinalizer; },
                       [](const RemoveFinalizer&) -> Traits { return kRemoveFinalizer; },
                       [](const WriteStatus&) -> Traits { return kWriteStatus; },
                       [](const RestoreStatus&) -> Traits { return kRestoreStatus; },
                       [](const Claim&) -> Traits { return kClaim; },
                       [](const CreateKey&) -> Traits { return kCreateKey; },
                       [](const LookForSecret&) -> Traits { return kLookForSecret; },
                       [](const ReadSecret&) -> Traits { return kReadSecret; },
                       [](const TryWritingSecret&) -> Traits { return kTryWritingSecret; },
                       [](const WriteSecret&) -> Traits { return kWriteSecret; },
                       [](const RepairSecret&) -> Traits { return kRepairSecret; },
                       [](const UpdateGroups&) -> Traits { return kUpdateGroups; },
                       [](const RevokeKey&) -> Traits { return kRevokeKey; },
                       [](const DeleteKey&) -> Traits { return kDeleteKey; }},
      action);
}

const std::string& account_of(const Action& action) {
  return std::visit(
      [](const auto& a) -> const std::string& {
        if constexpr (requires { a.account; }) return a.account;
        return kNone;
      },
      action);
}

void name_account(Action& action, const std::string& account) {
  std::visit(
      [&account](auto& a) {
        if constexpr (requires { a.account; }) a.account = account;
      },
      action);
}

const std::string& key_of(const Action& action) {
  return std::visit(
      [](const auto& a) -> const std::string& {
        if constexpr (requires { a.key_id; }) return a.key_id;
        return kNone;
      },
      action);
}

const kube::KeyStatus* next_of(const Action& action) {
  return std::visit(
      [](const auto& a) -> const kube::KeyStatus* {
        if constexpr (requires { a.next; }) return &a.next;
        return nullptr;
      },
      action);
}

}  // namespace nbkeys::engine
