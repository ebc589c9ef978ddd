namespace OcspLab.Responder;

/// <summary>A response ready to be sent, and how long HTTP caches may keep it; null for not at all.</summary>
internal sealed record OcspReply(ReadOnlyMemory<byte> Body, string Outcome, Caching? Caching);

/// <summary>The times that the cache headers come from (RFC 9919 §7.2).</summary>
internal sealed record Caching(DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, TimeSpan MaxAge);
