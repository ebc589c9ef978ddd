using System.Net;
using System.Text.Encodings.Web;
using System.Text.Json;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Screens;
using OcspLab.Lab.Topology;
using OcspLab.Pki;

namespace OcspLab.Cli.Commands;

/// <summary>
/// What an ASP.NET Core application, or any other server, needs to serve a certificate of the lab with its staple: to
/// be copied and pasted.
/// </summary>
internal static class SiteSettings
{
    private const int Port = 5443;

    public static string Of(LabTopology topology, IssuedCertificate certificate, string host, ExportFolder exported)
    {
        var server = new ServerCertificate(exported.FullChain, exported.Key);
        var name = IPAddress.TryParse(host, out _)
            ? ""
            : $" --servername {host.Replace("*.", "www.", StringComparison.Ordinal)}";
        var lab = LabHints.LabOption(topology, Environment.CurrentDirectory) is { Length: > 0 } option
            ? $" {option}"
            : "";
        var keep =
            $"{OwnCommand.Text} keep --cert {OwnCommand.Quote(exported.FullChain)} --out staple.der "
            + $"--responder http://127.0.0.1:{topology.Ports.Responder}/";
        var settings = JsonSerializer.Serialize(
            new
            {
                Kestrel = new
                {
                    Endpoints = new { Https = new { Url = $"https://127.0.0.1:{Port}", Certificate = server } },
                },
                // The lab's name server knows the responder that the certificate names.
                OcspStapling = new { Fetch = new { Resolvers = (string[])[$"127.0.0.1:{topology.Ports.Dns}"] } },
            },
            Json
        );
        return $"""

            appsettings.json:
            {settings}

            Program.cs, with OcspLab.Stapling.Kestrel as a package or a reference:
              var builder = WebApplication.CreateBuilder(args);
              builder.WebHost.UseOcspStapling();
              var app = builder.Build();
              app.MapGet("/", () => "Hello");
              app.Run();

            While the lab ({OwnCommand.Text} up{lab}) and the application run:
              {OwnCommand.Text} inspect 127.0.0.1:{Port}{name} --ca {OwnCommand.Quote(exported.Root)}
              {OwnCommand.Text} pki revoke {certificate.Name}{lab}

            For another server, while the lab runs (docs/keep.md says how each takes its staple):
              {keep}
            """;
    }

    private sealed record ServerCertificate(string Path, string KeyPath);

    private static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
