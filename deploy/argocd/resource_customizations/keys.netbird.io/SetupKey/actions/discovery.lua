-- The action `rotate` is greyed out where it could do nothing, and while an earlier rotation that
-- was asked for has not been answered: a second click would replace the new key at once.
local annotations = obj.metadata.annotations or {}
local status = obj.status or {}
local spec = obj.spec or {}
local asked = annotations["keys.netbird.io/rotate"]

local actions = {}
actions["rotate"] = {
  ["displayName"] = "Rotate key",
  ["iconClass"] = "fa fa-fw fa-redo",
  ["disabled"] = obj.metadata.deletionTimestamp ~= nil
    or spec.suspend == true
    or spec.revoked == true
    or (asked ~= nil and asked ~= status.lastHandledRotate),
}
return actions
