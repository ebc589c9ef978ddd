using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using OcspLab.AppHost;

namespace OcspLab.Aspire.Hosting.Tests;

/// <summary>Applications without an orchestrator, and what is in them.</summary>
internal static class Models
{
    /// <summary>An application with nothing in it. The AppHost's program knows where the orchestrator is.</summary>
    public static IDistributedApplicationBuilder Create(string folder, params string[] arguments)
    {
        var builder = DistributedApplication.CreateBuilder(
            new DistributedApplicationOptions
            {
                Args = arguments,
                DisableDashboard = true,
                AssemblyName = typeof(AspireLab).Assembly.GetName().Name,
            }
        );
        builder.Configuration["OcspLab:Tool"] = Path.Combine(AppContext.BaseDirectory, "ocsplab.dll");
        Directory.CreateDirectory(folder);
        return builder;
    }

    /// <summary>The site of the lab, as somebody's own.</summary>
    public static IResourceBuilder<ProjectResource> AddSite(this IDistributedApplicationBuilder builder, string name) =>
        builder.AddProject(
            name,
            Path.Combine(Testing.Repository.Root, "src/lab/OcspLab.Site/OcspLab.Site.csproj"),
            project => (project.ExcludeLaunchProfile, project.ExcludeKestrelEndpoints) = (true, true)
        );

    /// <summary>A resource's variables, where they are plain text.</summary>
    public static async Task<Dictionary<string, object>> EnvironmentOfAsync(
        this IDistributedApplicationBuilder builder,
        IResource resource
    )
    {
        var context = new EnvironmentCallbackContext(
            builder.ExecutionContext,
            resource,
            cancellationToken: TestContext.Current.CancellationToken
        );
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
            await annotation.Callback(context);
        return context.EnvironmentVariables;
    }

    /// <summary>Whom a resource waits for.</summary>
    public static IEnumerable<string> WaitsFor(IResource resource) =>
        resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource.Name);
}
