namespace OcspLab.Pki;

/// <summary>Where one certificate, its encrypted key and the key's password live, in the article's layout.</summary>
/// <param name="Certificate">The certificate in PEM.</param>
/// <param name="Key">The private key in encrypted PKCS #8 PEM, mode 0600.</param>
/// <param name="Password">The key's password on one line, mode 0600.</param>
/// <param name="Algorithm">The kind of key, which the file names tell.</param>
public sealed record CertificateFiles(string Certificate, string Key, string Password, KeyAlgorithm Algorithm)
{
    /// <summary>An end certificate and its intermediate in one PEM file, as a server wants it.</summary>
    public string FullChain => Path.Combine(Path.GetDirectoryName(Certificate)!, "fullchain.pem");

    /// <summary>The same with the root, for software that must find the root itself.</summary>
    public string FullChainWithRoot => Path.Combine(Path.GetDirectoryName(Certificate)!, "fullchain-root.pem");

    /// <summary>
    /// <c>DIRECTORY/rsa_NAME.crt</c>, or within <c>DIRECTORY/CA</c> for an authority, and <c>DIRECTORY/private/…</c>.
    /// </summary>
    public static CertificateFiles For(
        string directory,
        string name,
        KeyAlgorithm algorithm,
        string? certificateFolder = null
    )
    {
        var prefix = Prefix(algorithm);
        var folder = certificateFolder is null ? directory : Path.Combine(directory, certificateFolder);
        return new CertificateFiles(
            Path.Combine(folder, $"{prefix}_{name}.crt"),
            Path.Combine(directory, "private", $"{prefix}_{name}_encrypted.key"),
            Path.Combine(directory, "private", "password.txt"),
            algorithm
        );
    }

    /// <summary>The same files for another kind of key.</summary>
    internal CertificateFiles As(KeyAlgorithm algorithm) =>
        new(Renamed(Certificate, algorithm), Renamed(Key, algorithm), Password, algorithm);

    private string Renamed(string path, KeyAlgorithm algorithm) =>
        Path.Combine(
            Path.GetDirectoryName(path)!,
            Prefix(algorithm) + Path.GetFileName(path)[Prefix(Algorithm).Length..]
        );

    // The article's, and "ec" from when there were only these two.
    private static string Prefix(KeyAlgorithm algorithm) =>
        algorithm == KeyAlgorithm.Ecdsa ? "ec" : algorithm.ToName().Replace('-', '_');
}
