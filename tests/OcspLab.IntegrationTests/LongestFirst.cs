using OcspLab.IntegrationTests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace OcspLab.IntegrationTests;

/// <summary>
/// The classes that take longest begin first: else one of them may be left to run alone at the end, while the other
/// processor waits.
/// </summary>
public sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        nameof(CompareTests),
        nameof(ContainerEndTests),
        nameof(PackageTests),
        nameof(YourApplicationTests),
        nameof(ConsoleWalkTests),
        nameof(FleetCommandTests),
        nameof(BenchmarkCommandTests),
        nameof(KeepNginxTests),
        nameof(UpTests),
        nameof(ConsolePageTests),
        nameof(ContainerTests),
        nameof(SiteProcessTests),
        nameof(UpKeepTests),
        nameof(UpFleetTests),
        nameof(ConsoleTests),
        nameof(UpTerminalTests),
        nameof(ResponderClientsTests),
        nameof(LabTests),
    ];

    public IReadOnlyCollection<TCollection> OrderTestCollections<TCollection>(
        IReadOnlyCollection<TCollection> testCollections
    )
        where TCollection : ITestCollection => [.. testCollections.OrderBy(Place)];

    private static int Place<TCollection>(TCollection collection)
        where TCollection : ITestCollection
    {
        var place = Array.FindIndex(Long, name =>
            collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal)
        );
        return place < 0 ? Long.Length : place;
    }
}
