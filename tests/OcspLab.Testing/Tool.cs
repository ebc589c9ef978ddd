using OcspLab.Lab;
using Xunit;

namespace OcspLab.Testing;

/// <summary>Programs that interop tests need; a test without its program is skipped by name.</summary>
public static class Tool
{
    public static string Require(string program)
    {
        var path = ChildProcess.Find(program);
        Assert.SkipWhen(path is null, $"{program} is not installed");
        return path!;
    }

    /// <summary>Runs a program that must be there.</summary>
    public static Task<CommandResult> RunAsync(string program, params string[] arguments) => RunInAsync(null, program, arguments);

    public static Task<CommandResult> RunInAsync(string? directory, string program, params string[] arguments) =>
        ChildProcess.RunAsync(Require(program), arguments, directory, CancellationToken.None);

    /// <summary>Runs a line of shell, as a person would paste it.</summary>
    public static Task<CommandResult> ShellAsync(string directory, string line) => RunInAsync(directory, "bash", "-c", line);
}
