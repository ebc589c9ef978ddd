namespace OcspLab.Keep.Health;

/// <summary>What metrics are found under.</summary>
public static class KeepTelemetry
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "OcspLab.Keep";
}
