-- One decision: checks every guard first, then writes everything; or writes nothing and answers 'conflict'.
-- KEYS[1] root of all keys
-- ARGV, in this order ('' stands for none):
--   kind ('incident', 'run' or ''), id, number, expected version, state (JSON), open ('1' or '0'),
--     lasting ('1' or '0'), wakeAt
--   timeline id, head before, head after ('seq:hash'), count, then each event (JSON)
--   count of claims, then each: name, value it must have, value it gets
--   process that commits, count of effects, then each: key, body (JSON)
--   count of object records, then each: key, incident whose bad object it is, time, record (JSON)
--   count of triaged alerts, then each: id
local position = 0

local function take()
  position = position + 1
  return ARGV[position]
end

-- Reads a count and that many rows of `width` arguments each.
local function takeRows(width)
  local rows = {}
  for i = 1, tonumber(take()) do
    rows[i] = {}
    for j = 1, width do rows[i][j] = take() end
  end
  return rows
end

local kind, id, number, expected, state = take(), take(), take(), take(), take()
local open, lasting, wakeAt = take(), take(), take()
local timeline, headBefore, headAfter, events = take(), take(), take(), takeRows(1)
local claims = takeRows(3)
local process, effects = take(), takeRows(2)
local objects = takeRows(4)
local triaged = takeRows(1)

-- Guards.
local stateKey = root .. ':' .. kind .. ':' .. id
if kind ~= '' then
  local version = string.match(redis.call('GETRANGE', stateKey, 0, 16), '^(%d+):') or '0'
  if version ~= expected then return 'conflict' end
end
if timeline ~= '' then
  local head = redis.call('HGET', root .. ':heads', timeline) or ''
  if head ~= headBefore then return 'conflict' end
end
for _, claim in ipairs(claims) do
  local value = redis.call('HGET', root .. ':claims', claim[1]) or ''
  if value ~= claim[2] then return 'conflict' end
end
if #triaged > 0 then
  local ids = {}
  for i, alert in ipairs(triaged) do ids[i] = alert[1] end
  -- Another process has dealt with one that does not wait any more.
  for _, place in ipairs(redis.call('ZMSCORE', root .. ':inbox:order', unpack(ids))) do
    if not place then return 'conflict' end
  end
end

-- Writes.
if kind ~= '' then
  redis.call('SET', stateKey, (tonumber(expected) + 1) .. ':' .. state)
  redis.call('ZADD', root .. ':' .. kind .. 's:all', number, id)
  if open == '1' then
    redis.call('ZADD', root .. ':' .. kind .. 's:open', number, id)
  else
    redis.call('ZREM', root .. ':' .. kind .. 's:open', id)
  end
  if lasting == '1' then
    redis.call('ZADD', root .. ':' .. kind .. 's:lasting', number, id)
  else
    redis.call('ZREM', root .. ':' .. kind .. 's:lasting', id)
  end
  if wakeAt ~= '' then
    redis.call('ZADD', root .. ':wake', wakeAt, id)
  else
    redis.call('ZREM', root .. ':wake', id)
  end
end
if timeline ~= '' then
  for _, event in ipairs(events) do redis.call('RPUSH', root .. ':timeline:' .. timeline, event[1]) end
  if headAfter ~= '' then redis.call('HSET', root .. ':heads', timeline, headAfter) end
end
for _, claim in ipairs(claims) do
  if claim[3] ~= '' then
    redis.call('HSET', root .. ':claims', claim[1], claim[3])
  else
    redis.call('HDEL', root .. ':claims', claim[1])
  end
end
-- What is new, and what nobody is at, is the committer's. Whoever is at it already does it once more.
local now = redisNow()
if #effects > 0 then beat(process, now) end
for _, effect in ipairs(effects) do
  local key = effect[1]
  local known = redis.call('HSET', root .. ':effects', key, effect[2]) == 0
  if known and redis.call('HEXISTS', root .. ':effects:holder', key) == 1 then
    redis.call('SADD', root .. ':effects:again', key)
  else
    hold(process, now, key)
  end
end
-- A record is kept as 'incident|JSON', so that the incident it leaves is known without reading the JSON.
for _, object in ipairs(objects) do
  local key, owner = object[1], object[2]
  local before = string.match(redis.call('HGET', root .. ':objects', key) or '', '^([^|]*)|') or ''
  if before ~= '' and before ~= owner then redis.call('ZREM', root .. ':bad:' .. before, key) end
  if owner ~= '' then redis.call('ZADD', root .. ':bad:' .. owner, object[3], key) end
  redis.call('HSET', root .. ':objects', key, owner .. '|' .. object[4])
end
for _, alert in ipairs(triaged) do
  redis.call('HDEL', root .. ':inbox', alert[1])
  redis.call('ZREM', root .. ':inbox:order', alert[1])
end
return 'committed'
