namespace OcspLab.Lab.Topology;

/// <summary>The ports of a fleet on 127.0.0.1.</summary>
/// <param name="All">All of them: of what there is one or two of, then of the sites.</param>
public sealed record FleetPorts(IReadOnlyList<int> All)
{
    /// <summary>How many of them are not a site's.</summary>
    public const int Others = 8;

    /// <summary>Those from one on, each after the other.</summary>
    /// <param name="first">The first.</param>
    /// <param name="sites">How many sites there are.</param>
    public static FleetPorts From(int first, int sites) => new([.. Enumerable.Range(first, Others + sites)]);

    /// <summary>HAProxy in front of the sites.</summary>
    public int Balancer => All[0];

    /// <summary>HAProxy in front of the responders.</summary>
    public int ResponderBalancer => All[1];

    /// <summary>Redis.</summary>
    public int Redis => All[2];

    /// <summary>PostgreSQL.</summary>
    public int Postgres => All[3];

    /// <summary>The responders.</summary>
    public IReadOnlyList<int> Responders => [All[4], All[5]];

    /// <summary>Their admin APIs.</summary>
    public IReadOnlyList<int> ResponderAdmins => [All[6], All[7]];

    /// <summary>The sites.</summary>
    public IReadOnlyList<int> Sites => [.. All.Skip(Others)];

    /// <summary>How one reaches PostgreSQL.</summary>
    /// <param name="passwords">A file with its password, as PostgreSQL's clients read it (libpq's passfile).</param>
    public string PostgresConnection(string passwords) =>
        $"Host=127.0.0.1;Port={Postgres};Username=ocsplab;Database=postgres;Passfile={passwords};"
        + "Timeout=2;Command Timeout=2";
}
