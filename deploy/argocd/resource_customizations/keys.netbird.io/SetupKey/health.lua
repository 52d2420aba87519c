-- A SetupKey's health. Whether a key works is told by Ready; Reconciling and Stalled are there only
-- while true. A routine rotation sets neither, so it does not show here.
if obj.metadata.deletionTimestamp ~= nil then
  return { status = "Progressing", message = "Pending deletion" }
end
local status = obj.status
if status == nil or status.conditions == nil then
  return { status = "Progressing", message = "Waiting for the operator" }
end
-- What the status says is about an older spec.
if status.observedGeneration ~= obj.metadata.generation then
  return { status = "Progressing", message = "Waiting for the new spec to be observed" }
end

local conditions = {}
for _, condition in ipairs(status.conditions) do
  conditions[condition.type] = condition
end
local ready = conditions["Ready"]
local function is_true(kind)
  return conditions[kind] ~= nil and conditions[kind].status == "True"
end

if obj.spec ~= nil and obj.spec.suspend == true then
  local message = "spec.suspend is true"
  if ready ~= nil then
    message = ready.message
  end
  return { status = "Suspended", message = message }
end
if is_true("Stalled") then
  return { status = "Degraded", message = conditions["Stalled"].message }
end
if is_true("Reconciling") then
  return { status = "Progressing", message = conditions["Reconciling"].message }
end
if ready ~= nil and ready.status == "True" then
  return { status = "Healthy", message = ready.message }
end
if ready ~= nil and ready.status == "False" then
  return { status = "Degraded", message = ready.message }
end
return { status = "Progressing", message = "Waiting for the operator" }
