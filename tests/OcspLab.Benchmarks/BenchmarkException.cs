namespace OcspLab.Benchmarks;

/// <summary>Nothing could be measured, or what was measured was not what it should have been.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
