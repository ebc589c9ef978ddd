using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OcspLab.Lab.Topology;

namespace OcspLab.Lab.Hosting;

/// <summary>The page on which one watches a lab.</summary>
public interface ILabPage
{
    /// <summary>Makes the service.</summary>
    /// <param name="topology">The lab.</param>
    /// <param name="configureLog">Where its log goes.</param>
    IHost Create(LabTopology topology, Action<ILoggingBuilder> configureLog);

    /// <summary>The address that lets a browser in.</summary>
    Uri AddressOf(IHost page);
}
