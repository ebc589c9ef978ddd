using System.CommandLine;
using System.Runtime.InteropServices;
using OcspLab.Cli.CommandLine;
using OcspLab.Lab.Containers;
using OcspLab.Lab.Nginx;
using OcspLab.Lab.Processes;
using OcspLab.Lab.Topology;
using Spectre.Console;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab doctor</c>.</summary>
internal static class DoctorCommand
{
    public static Command Create(LabOptions options)
    {
        var command = new Command("doctor", "What is here, and what the lab will do about what isn't.").WithHelp(
            """
            Example:
              ocsplab doctor
            """
        );
        options.AddTo(command);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                var topology = options.ReadExisting(arguments);
                var table = new Table().Border(TableBorder.Simple).AddColumns("", "found", "so");
                table.AddRow(
                    "system",
                    Markup.Escape(RuntimeInformation.OSDescription),
                    OperatingSystem.IsLinux()
                        ? "Kestrel can be stapled"
                        : "[yellow]Kestrel takes no staples from outside on this system[/]"
                );
                table.AddRow("runtime", RuntimeInformation.FrameworkDescription, "");
                var nginx = new NginxLocator(NginxLocator.DefaultCacheDirectory, _ => { }).FindWithoutDownload();
                table.AddRow(
                    "nginx",
                    Markup.Escape(nginx is null ? "no" : $"{nginx.Origin} ({nginx.Path})"),
                    DescribeUse(nginx)
                );
                table.AddRow(
                    "private /etc/hosts",
                    await HostsViews.DetectAsync(cancellationToken).ConfigureAwait(false) switch
                    {
                        HostsView.MountNamespace => "mount namespace",
                        HostsView.UserNamespace => "user namespace",
                        _ => "no",
                    },
                    "nginx sees ocsp.servicelab.com through it; otherwise ssl_stapling_responder names the address"
                );
                var (runtime, why) = await ContainerRuntime
                    .DetectAsync(TimeProvider.System, cancellationToken)
                    .ConfigureAwait(false);
                table.AddRow(
                    "container runtime",
                    runtime?.Program ?? "no",
                    Markup.Escape(runtime is null ? why : $"{why}; {ContainerRuntime.Setting} chooses another")
                );
                foreach (
                    var image in runtime is null
                        ? []
                        : (
                            (string[])[topology.NginxImage ?? ContainedNginx.OfficialImage, ContainedNginx.LocalImage]
                        ).Distinct()
                )
                {
                    var isHere = await runtime!.HasImageAsync(image, cancellationToken).ConfigureAwait(false);
                    table.AddRow($"image {Markup.Escape(image)}", isHere ? "yes" : "no", isHere ? "" : OriginOf(image));
                }

                foreach (var source in Enum.GetValues<NginxSource>())
                {
                    var planner = new NginxPlanner(source, topology.NginxImage, TimeProvider.System);
                    var plan = await planner.PlanAsync(cancellationToken).ConfigureAwait(false);
                    table.AddRow(
                        $"--nginx {source.ToString().ToLowerInvariant()}",
                        source == topology.NginxSource ? "chosen" : "",
                        Markup.Escape(plan.Describe())
                    );
                }

                if (runtime is not null)
                {
                    // Aspire makes its containers' networks itself, so one must reach this machine by a name.
                    var (gateway, reason) = await runtime.FindHostGatewayAsync(cancellationToken).ConfigureAwait(false);
                    table.AddRow(
                        "the same under Aspire",
                        gateway is null ? "a process" : "a container",
                        Markup.Escape(reason)
                    );
                }

                foreach (
                    var (tool, use) in ((string, string)[])
                        [
                            ("openssl", "the article's commands"),
                            ("curl", "curl --cert-status"),
                            ("gnutls-cli", "a client that enforces must-staple"),
                            ("firefox-esr", "ocsplab browse firefox"),
                            ("chromium", "ocsplab browse chromium"),
                            ("certutil", "Chromium trusts the lab's root through it"),
                        ]
                )
                    table.AddRow(
                        tool,
                        Markup.Escape(ChildProcess.Find(tool) ?? "no"),
                        ChildProcess.Find(tool) is null ? $"{use}; {DebianPackages.Hint(tool)}" : use
                    );
                table.AddRow("IPv6", PortCheck.HasIpv6Loopback() ? "yes" : "no", "nginx listens on it too");
                var running = LabState.FindRunning(topology.Directory) is { } lab
                    ? lab with
                    {
                        Page = LabPage.On,
                    }
                    : null;
                // What a lab would take, with all that it can have.
                foreach (var port in (topology with { Page = LabPage.On }).ListeningPorts)
                    table.AddRow(
                        $"port {port.Number}",
                        DescribePort(port, running),
                        $"{port.Resource}, moved with {port.Option}"
                    );
                Terminal.Write(table);
                return OperatingSystem.IsLinux() ? ExitCodes.Good : ExitCodes.Unreachable;
            }
        );
        return command;
    }

    private static string DescribeUse(NginxBinary? nginx)
    {
        if (nginx is not null)
            return "for --nginx process, and for auto without containers";
        return ChildProcess.Find("apt-get") is null
            ? "[yellow]install nginx[/]"
            : "its package is unpacked on first use, without installing it";
    }

    private static string DescribePort(LabPort port, LabTopology? running)
    {
        if (PortCheck.Refusal(port) is null)
            return "free";
        return running?.ListeningPorts.Any(own => own.Number == port.Number) == true
            ? "used by the lab that runs here"
            : "[yellow]in use by another program[/]";
    }

    private static string OriginOf(string image) =>
        image == ContainedNginx.LocalImage ? "eng/nginx-image/build makes it" : "pulled on first use";
}
