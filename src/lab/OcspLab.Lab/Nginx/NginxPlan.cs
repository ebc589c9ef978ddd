using OcspLab.Lab.Containers;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Nginx;

/// <summary>
/// Where the lab's nginx may come from, as this machine stands: the one decision that every host and <c>doctor</c>
/// share.
/// </summary>
/// <param name="Source">What was asked for.</param>
/// <param name="Options">
/// The ways that are open, best first; the next one is for when one turns out not to work.
/// </param>
/// <param name="NoContainer">Why no container is among them, or null.</param>
public sealed record NginxPlan(NginxSource Source, IReadOnlyList<NginxOption> Options, string? NoContainer = null)
{
    /// <summary>Whether the lab goes on without nginx rather than not at all.</summary>
    public bool IsOptional => Source is NginxSource.Auto or NginxSource.Off;

    /// <summary>In words, for people who have not started anything yet.</summary>
    public string Describe()
    {
        if (Source == NginxSource.Off)
            return LeftOut;
        if (Options.Count == 0)
            return $"none: {NoContainer ?? "install nginx, docker or podman"}";
        var best = Options[0].Describe();
        if (NoContainer is not null)
            return $"{best} (no container: {NoContainer})";
        return Options is [NginxContainer { Image.IsPresent: false }, var second]
            ? $"{best}; else {second.Describe()}"
            : best;
    }

    /// <summary>What is said of an nginx that nobody wanted.</summary>
    internal const string LeftOut = "left out (--nginx off)";
}

/// <summary>One way to have an nginx.</summary>
public abstract record NginxOption
{
    /// <summary>In words.</summary>
    public abstract string Describe();
}

/// <summary>nginx in a container.</summary>
/// <param name="Runtime">What runs it.</param>
/// <param name="Image">The image.</param>
public sealed record NginxContainer(ContainerRuntime Runtime, NginxImage Image) : NginxOption
{
    /// <inheritdoc/>
    public override string Describe() =>
        $"a container: {Image.Name} in {Runtime.Program}{(Image.IsPresent ? "" : ", if it can be pulled")}";
}

/// <summary>An image of nginx.</summary>
/// <param name="Name">As the runtime knows it.</param>
/// <param name="IsPresent">Whether it is on this machine; else it would have to be pulled.</param>
public sealed record NginxImage(string Name, bool IsPresent);

/// <summary>nginx as a process of this machine.</summary>
/// <param name="Binary">The program, or null where the distribution's package is unpacked first.</param>
public sealed record NginxExecutable(NginxBinary? Binary) : NginxOption
{
    /// <inheritdoc/>
    public override string Describe() =>
        Binary is null
            ? "a process: the distribution's package, unpacked on first use, without installing it"
            : $"a process: {Binary.Origin} ({Binary.Path})";
}
