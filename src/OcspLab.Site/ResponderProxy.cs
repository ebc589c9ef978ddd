using System.Net;

namespace OcspLab.Site;

/// <summary>Sends every request to one address, whatever its host name: the lab's stand-in for a name that the system cannot resolve.</summary>
internal sealed class ResponderProxy(Uri address) : IWebProxy
{
    public ICredentials? Credentials { get; set; }

    public Uri? GetProxy(Uri destination) => address;

    public bool IsBypassed(Uri host) => host.IsLoopback;
}
