using OcspLab.IntegrationTests;
using Xunit.Sdk;
using Xunit.v3;

[assembly: TestCollectionOrderer(typeof(LongestFirst))]

namespace OcspLab.IntegrationTests;

/// <summary>The classes that take minutes begin first, so that none of them is left alone at the end.</summary>
internal sealed class LongestFirst : ITestCollectionOrderer
{
    private static readonly string[] Long =
    [
        nameof(CompareTests),
        nameof(ContainerTests),
        nameof(UpTests),
        nameof(PackageTests),
        nameof(ResponderClientsTests),
        nameof(ArticleTests),
    ];

    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(
        IReadOnlyCollection<TTestCollection> testCollections
    )
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(collection => Place(collection.TestCollectionDisplayName))];

    private static int Place(string collection) =>
        Array.FindIndex(Long, name => collection.Contains($".{name}", StringComparison.Ordinal)) is >= 0 and var place
            ? place
            : Long.Length;
}
