-- What Redis' own clock shows, in milliseconds since 1970.
-- KEYS[1] root of all keys: of a Cluster, the node that has them
return redisNow()
