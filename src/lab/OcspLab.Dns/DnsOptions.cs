using System.ComponentModel.DataAnnotations;
using OcspLab.ServiceDefaults;

namespace OcspLab.Dns;

/// <summary>What the lab's name server serves. Bound from the section <c>Dns</c>.</summary>
public sealed class DnsOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Dns";

    /// <summary>
    /// <value>Where to listen, UDP and TCP. Several addresses are separated by commas. Default 127.0.0.1.</value>
    /// </summary>
    [Required]
    public string Address { get; set; } = "127.0.0.1";

    /// <summary>
    /// <value>Whether those addresses must be there at the start. Default <see cref="AddressBinding.Present"/>.</value>
    /// </summary>
    public AddressBinding Binding { get; set; } = AddressBinding.Present;

    /// <summary><value>The port of both; 0 for any free one. Default 5533.</value></summary>
    [Range(0, 65535)]
    public int Port { get; set; } = 5533;

    /// <summary>
    /// <value>The zones that it is authoritative for: NXDOMAIN inside, REFUSED outside. Separated by commas.</value>
    /// </summary>
    [Required]
    public string Zones { get; set; } = "echocert.lab,servicelab.com";

    /// <summary><value>The names that have an address. Separated by commas.</value></summary>
    [Required]
    public string Names { get; set; } = "echocert.lab,www.echocert.lab,ocsp.servicelab.com";

    /// <summary>
    /// <value>The address of every name, or null to answer with the one that the question arrived on. Default
    /// null.</value>
    /// </summary>
    public string? Answer { get; set; }

    /// <summary><value>How long resolvers may keep an answer. 0 to 1 day; default 5 minutes.</value></summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromMinutes(5);
}
