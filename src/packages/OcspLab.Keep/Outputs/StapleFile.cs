using OcspLab.Keep.Files;
using OcspLab.Ocsp.Verification;

namespace OcspLab.Keep.Outputs;

/// <summary>The response in a file, and where that is wanted a file for nginx to include that names it.</summary>
/// <param name="path">The response in DER.</param>
/// <param name="include">What nginx includes, or null.</param>
internal sealed class StapleFile(string path, string? include)
{
    /// <summary>What is there, verified by nobody; or null.</summary>
    public byte[]? Read() => WholeFile.Read(path);

    /// <summary>
    /// Puts a staple there, or takes the one that is there away, in such an order that what nginx includes never names
    /// a file that is missing.
    /// </summary>
    /// <returns>Whether anything has changed.</returns>
    /// <exception cref="IOException">It could not be written; it is to be tried again.</exception>
    public bool Give(VerifiedStaple? staple)
    {
        var changed = false;
        if (staple is not null)
        {
            changed |= WriteIfDifferent(path, staple.Encoded.Span);
            changed |= include is not null && WriteIfDifferent(include, Directives());
            return changed;
        }

        changed |= include is not null && WriteIfDifferent(include, Nothing);
        if (File.Exists(path))
        {
            WholeFile.Delete(path);
            changed = true;
        }

        return changed;
    }

    /// <summary>
    /// The certificate was renewed and its staple is not there yet: a server that starts meanwhile is to go without
    /// rather than with one about another certificate.
    /// </summary>
    /// <param name="mayBeMissing">Whether the server starts without the file itself.</param>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Suspend(bool mayBeMissing)
    {
        if (include is not null)
            WriteIfDifferent(include, Nothing);
        else if (mayBeMissing)
            WholeFile.Delete(path);
    }

    private byte[] Directives() =>
        System.Text.Encoding.UTF8.GetBytes(
            $"""
            # Written by 'ocsplab keep'.
            ssl_stapling on;
            ssl_stapling_file "{Path.GetFullPath(path)}";

            """
        );

    private static bool WriteIfDifferent(string path, ReadOnlySpan<byte> content)
    {
        if (WholeFile.Read(path) is { } there && content.SequenceEqual(there))
            return false;
        WholeFile.Write(path, content);
        return true;
    }

    private static ReadOnlySpan<byte> Nothing => "# Written by 'ocsplab keep': there is nothing to staple now.\n"u8;
}
