namespace OcspLab.Responder.Sources;

/// <summary>What came of registering many certificates at once.</summary>
/// <param name="Added">How many were not known.</param>
/// <param name="Revoked">How many were known as good, and are revoked now.</param>
/// <param name="Unchanged">How many are as they were.</param>
public sealed record ImportResult(int Added, int Revoked, int Unchanged)
{
    /// <summary>Both together.</summary>
    public static ImportResult operator +(ImportResult left, ImportResult right) => Add(left, right);

    /// <inheritdoc cref="op_Addition"/>
    public static ImportResult Add(ImportResult left, ImportResult right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        return new ImportResult(
            left.Added + right.Added,
            left.Revoked + right.Revoked,
            left.Unchanged + right.Unchanged
        );
    }
}
