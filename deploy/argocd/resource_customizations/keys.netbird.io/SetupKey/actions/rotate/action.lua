-- Any new value of the annotation rotates the key once.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["keys.netbird.io/rotate"] = os.date("!%Y-%m-%dT%XZ")
return obj
