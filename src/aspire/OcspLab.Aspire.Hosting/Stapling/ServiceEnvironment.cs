using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace OcspLab.Aspire.Hosting.Stapling;

/// <summary>
/// Hands a service its settings, when it starts and not before: the files that they name may not be there.
/// </summary>
internal static class ServiceEnvironment
{
    /// <summary>
    /// Sets the variables. In a manifest, which is for other machines too, paths are relative to the AppHost's folder.
    /// </summary>
    public static IResourceBuilder<T> WithSettings<T>(
        this IResourceBuilder<T> resource,
        string directory,
        Func<IReadOnlyDictionary<string, string>> settings
    )
        where T : IResourceWithEnvironment
    {
        var appHost = resource.ApplicationBuilder.AppHostDirectory;
        return resource.WithEnvironment(context =>
        {
            foreach (
                var (key, value) in settings()
                    .Where(setting => context.ExecutionContext.IsRunMode || !IsLaboratory(setting.Key))
            )
                context.EnvironmentVariables[key.Replace(":", "__", StringComparison.Ordinal)] = context
                    .ExecutionContext
                    .IsRunMode
                    ? value
                    : Relative(value, directory, appHost);
        });
    }

    /// <summary>
    /// Lets a service end at once: with the dashboard gone before it, a repeated export of its last telemetry would
    /// keep it for ten seconds more.
    /// </summary>
    public static IResourceBuilder<T> WithoutExportRetry<T>(this IResourceBuilder<T> resource)
        where T : IResourceWithEnvironment =>
        resource.WithEnvironment(context => context.EnvironmentVariables.Remove("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"));

    // Not even a manifest says that a responder may lie.
    private static bool IsLaboratory(string key) => key.StartsWith("Responder:Fault", StringComparison.Ordinal);

    /// <summary>A path of the folder as it is written down for other machines.</summary>
    public static string Relative(string value, string directory, string appHost) =>
        value.Replace(directory, Path.GetRelativePath(appHost, directory).Replace('\\', '/'), StringComparison.Ordinal);
}
