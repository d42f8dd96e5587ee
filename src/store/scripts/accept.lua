-- Stores alerts that were not accepted before, all with one write to disk.
-- KEYS[1] root of all keys
-- ARGV[1] now (ms), [2] how long an id is remembered (ms), [3] how many ids one generation holds at most,
-- [4..] pairs of id and alert (JSON)
-- Answers one number per alert: 1 stored, 0 known already.
--
-- Known ids are kept in two generations. When the young one is old enough or full, it becomes the old one and the
-- old one is dropped: an id is remembered for at least that long, or for at least that many later alerts in a storm
-- that would else fill the memory.
local root = KEYS[1]
local now = tonumber(ARGV[1])
local young, old = root .. ':seen:young', root .. ':seen:old'
local since = tonumber(redis.call('GET', root .. ':seen:since'))

if not since then
  redis.call('SET', root .. ':seen:since', now)
elseif now - since >= tonumber(ARGV[2]) or redis.call('SCARD', young) >= tonumber(ARGV[3]) then
  redis.call('UNLINK', old)
  if redis.call('EXISTS', young) == 1 then redis.call('RENAME', young, old) end
  redis.call('SET', root .. ':seen:since', now)
end

local ids = {}
for i = 4, #ARGV, 2 do ids[#ids + 1] = ARGV[i] end
local inYoung = redis.call('SMISMEMBER', young, unpack(ids))
local inOld = redis.call('SMISMEMBER', old, unpack(ids))

local answers, freshIds, bodies, order, inBatch = {}, {}, {}, {}, {}
local seq = redis.call('INCRBY', root .. ':inbox:seq', #ids) - #ids
for i, id in ipairs(ids) do
  local known = inYoung[i] == 1 or inOld[i] == 1 or inBatch[id]
  answers[i] = known and 0 or 1
  if not known then
    inBatch[id] = true
    freshIds[#freshIds + 1] = id
    bodies[#bodies + 1] = id
    bodies[#bodies + 1] = ARGV[3 + 2 * i]
    order[#order + 1] = seq + i
    order[#order + 1] = id
  end
end

if #freshIds > 0 then
  redis.call('SADD', young, unpack(freshIds))
  redis.call('HSET', root .. ':inbox', unpack(bodies))
  redis.call('ZADD', root .. ':inbox:order', unpack(order))
end
return answers
