using Microsoft.AspNetCore.Builder;
using OcspLab.Stapling;

namespace OcspLab.IntegrationTests;

/// <summary>The README's program, so that it compiles.</summary>
internal static class ReadmeProgram
{
    public static void Run(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.WebHost.UseOcspStapling();

        var app = builder.Build();
        app.MapGet("/", (IStaplingStatus stapling) =>
            stapling.Staples.Select(staple => $"{staple.Certificate}: {staple.LastOutcome}, again at {staple.NextRefresh:u}"));
        app.Run();
    }
}
