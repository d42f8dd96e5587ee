-- Takes away what processes held that are known to be gone.
-- KEYS[1] root of all keys
-- ARGV[1] process that asks; [2] the one that is gone, '*' for all but the one that asks
local gone = ARGV[2] == '*' and redis.call('ZRANGE', root .. ':processes', 0, -1) or { ARGV[2] }
for _, process in ipairs(gone) do
  if ARGV[2] ~= '*' or process ~= ARGV[1] then bury(process) end
end
return 'OK'
