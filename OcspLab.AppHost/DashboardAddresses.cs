namespace OcspLab.AppHost;

/// <summary>
/// Where the dashboard listens when nothing says so: the addresses of the launch profile, for a program that is started
/// without it.
/// </summary>
internal static class DashboardAddresses
{
    private static readonly (string Variable, string Value)[] Defaults =
    [
        ("ASPNETCORE_URLS", "http://localhost:15080"),
        ("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "http://localhost:19080"),
        ("ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL", "http://localhost:20080"),
        ("ASPIRE_ALLOW_UNSECURED_TRANSPORT", "true"),
    ];

    /// <summary>Sets what is missing, if all of it is: somebody who sets one of them knows of the others.</summary>
    public static void SetDefaults()
    {
        if (Array.Exists(Defaults, known => Environment.GetEnvironmentVariable(known.Variable) is not null))
            return;
        foreach (var (variable, value) in Defaults)
            Environment.SetEnvironmentVariable(variable, value);
    }
}
