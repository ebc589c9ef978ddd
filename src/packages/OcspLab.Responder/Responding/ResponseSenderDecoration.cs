namespace OcspLab.Responder.Responding;

/// <summary>Puts one sender of responses before another.</summary>
internal static class ResponseSenderDecoration
{
    /// <summary>From now on the sender is <paramref name="decorate"/>'s, which is given the one before.</summary>
    public static void Decorate(
        this IServiceCollection services,
        Func<IResponseSender, IServiceProvider, IResponseSender> decorate
    )
    {
        var inner = services.Last(service => service.ServiceType == typeof(IResponseSender));
        services.Remove(inner);
        services.AddSingleton(provider => decorate(Create(inner, provider), provider));
    }

    private static IResponseSender Create(ServiceDescriptor descriptor, IServiceProvider provider) =>
        (IResponseSender)(
            descriptor.ImplementationFactory?.Invoke(provider)
            ?? ActivatorUtilities.CreateInstance(provider, descriptor.ImplementationType!)
        );
}
