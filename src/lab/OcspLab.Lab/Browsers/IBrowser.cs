namespace OcspLab.Lab.Browsers;

/// <summary>
/// A real browser, started afresh with an empty profile for every page: both remember staples and connections.
/// </summary>
public interface IBrowser
{
    /// <summary><c>firefox</c> or <c>chromium</c>.</summary>
    string Name { get; }

    /// <summary>What is missing to run it, or null.</summary>
    string? Missing { get; }

    /// <summary>Opens a page and looks at it. The browser is never told to accept what it would refuse.</summary>
    /// <param name="page">The page; its name, and the lab's, are this machine's.</param>
    /// <param name="rootFile">The root to trust, in PEM.</param>
    /// <param name="cancellationToken">Ends the browser.</param>
    /// <exception cref="LabException">It is not installed, or it does not come up.</exception>
    Task<PageVisit> VisitAsync(Uri page, string rootFile, CancellationToken cancellationToken);
}

/// <summary>What a browser showed.</summary>
/// <param name="Browser">Its name and version.</param>
/// <param name="Error">The browser's own name for the reason that the page is not there, or null when it is.</param>
/// <param name="Picture">The page as PNG.</param>
public sealed record PageVisit(string Browser, string? Error, ReadOnlyMemory<byte> Picture);

/// <summary>The browsers of the lab.</summary>
public static class Browsers
{
    /// <summary>Each that is known, installed or not.</summary>
    public static IReadOnlyList<IBrowser> All(TimeProvider clock) => [new Firefox(clock), new Chromium(clock)];
}
