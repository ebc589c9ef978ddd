using System.Diagnostics;
using Xunit;

namespace OcspLab.Testing;

/// <summary>Programs that interop tests need; a test without its program is skipped by name.</summary>
public static class Tool
{
    /// <summary>
    /// The full path of a program on PATH, or in the system's own folders, which not every account has on it.
    /// </summary>
    public static string? Find(string program)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(
            Path.PathSeparator,
            StringSplitOptions.RemoveEmptyEntries
        );
        return path.Concat(SystemFolders).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
    }

    public static string Require(string program)
    {
        var path = Find(program);
        Assert.SkipWhen(path is null, $"{program} is not installed");
        return path!;
    }

    /// <summary>Runs a program that must be there.</summary>
    public static Task<ToolResult> RunAsync(string program, params string[] arguments) =>
        RunInAsync(null, program, arguments);

    public static Task<ToolResult> RunInAsync(string? directory, string program, params string[] arguments) =>
        RunAsync(program, arguments, directory, CancellationToken.None);

    /// <summary>The same with an end: the program and its children are killed then.</summary>
    public static async Task<ToolResult> RunAsync(
        string program,
        IEnumerable<string> arguments,
        string? directory,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(Require(program), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
            WorkingDirectory = directory ?? "",
        };
        start.DelayRecompilation();
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new ToolResult(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    /// <summary>Runs a line of shell, as a person would paste it.</summary>
    public static Task<ToolResult> ShellAsync(string directory, string line) =>
        RunInAsync(directory, "bash", "-c", line);

    /// <summary>
    /// A .NET program is not profiled and compiled once more while it starts: a third of the processor time of one that
    /// ends within seconds.
    /// </summary>
    internal static void DelayRecompilation(this ProcessStartInfo start)
    {
        start.Environment["DOTNET_TieredPGO"] = "0";
        // After that many milliseconds in which no method runs for the first time. The runtime reads it as hexadecimal.
        start.Environment["DOTNET_TC_CallCountingDelayMs"] = $"{5000:X}";
    }

    private static readonly string[] SystemFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
}

/// <summary>What a program left behind.</summary>
public sealed record ToolResult(int ExitCode, string Output, string Error);
