using System.Net;

namespace OcspLab.Site;

/// <summary>
/// Sends requests for one host to an address: the lab's stand-in for a name that the system cannot resolve. Everything
/// else goes where it went before.
/// </summary>
internal sealed class ResponderProxy(string host, Uri address, IWebProxy otherwise) : IWebProxy
{
    public ICredentials? Credentials { get; set; }

    public Uri? GetProxy(Uri destination) => IsResponder(destination) ? address : otherwise.GetProxy(destination);

    public bool IsBypassed(Uri host) => !IsResponder(host) && otherwise.IsBypassed(host);

    private bool IsResponder(Uri url) => string.Equals(url.Host, host, StringComparison.OrdinalIgnoreCase);
}
