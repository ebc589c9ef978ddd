using System.Reflection;
using OcspLab.Ocsp.Rejections;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Ocsp.Tests;

public sealed class PublicSurfaceTests
{
    [Fact]
    public void No_type_of_another_cryptography_library_leaves_this_one()
    {
        var strangers = typeof(OcspVerifier)
            .Assembly.GetExportedTypes()
            .SelectMany(type =>
                type.GetMembers(
                        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly
                    )
                    .SelectMany(Types)
                    .Append(type.BaseType ?? type)
            )
            .Where(type => type.Namespace?.StartsWith("Org.BouncyCastle", StringComparison.Ordinal) == true);
        Assert.Empty(strangers);
    }

    [Fact]
    public void Only_the_verifier_makes_a_proof()
    {
        Assert.Empty(typeof(VerifiedStaple).GetConstructors());
        Assert.Empty(typeof(VerificationResult).GetConstructors());
        Assert.False(default(VerificationResult).TryGetStaple(out _, out var rejection));
        Assert.Equal(RejectionReason.Malformed, rejection.Reason);
    }

    [Fact]
    public void Facts_cannot_be_changed_once_decoded()
    {
        var changeable = typeof(OcspVerifier)
            .Assembly.GetExportedTypes()
            .Where(type => !type.Name.EndsWith("Options", StringComparison.Ordinal))
            .SelectMany(type => type.GetProperties())
            .Where(property =>
                property.SetMethod is { IsPublic: true } setter
                && !setter
                    .ReturnParameter.GetRequiredCustomModifiers()
                    .Contains(typeof(System.Runtime.CompilerServices.IsExternalInit))
            );
        Assert.Empty(changeable);
    }

    private static IEnumerable<Type> Types(MemberInfo member) =>
        member switch
        {
            PropertyInfo property => [property.PropertyType, .. property.PropertyType.GenericTypeArguments],
            FieldInfo field => [field.FieldType],
            MethodBase method =>
            [
                .. method
                    .GetParameters()
                    .SelectMany(parameter =>
                        parameter.ParameterType.GenericTypeArguments.Append(parameter.ParameterType)
                    ),
                .. method is MethodInfo { ReturnType: var result } ? result.GenericTypeArguments.Append(result) : [],
            ],
            _ => [],
        };
}
