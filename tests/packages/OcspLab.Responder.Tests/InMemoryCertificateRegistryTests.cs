using OcspLab.Responder.Sources;

namespace OcspLab.Responder.Tests;

public sealed class InMemoryCertificateRegistryTests : RegistryTests
{
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override Task<Opened> OpenAsync()
    {
        var registry = new InMemoryCertificateRegistry(Clock);
        return Task.FromResult(new Opened(registry, registry));
    }
}
