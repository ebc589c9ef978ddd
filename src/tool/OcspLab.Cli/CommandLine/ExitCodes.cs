using OcspLab.Lab;
using OcspLab.Probe;

namespace OcspLab.Cli.CommandLine;

/// <summary>Exit codes of every command: a contract with scripts. From 64 on they are those of sysexits.h.</summary>
public static class ExitCodes
{
    /// <summary>The status is good, or the command did what it was asked.</summary>
    public const int Good = 0;

    /// <summary>The status is revoked, or a comparison failed.</summary>
    public const int Revoked = 1;

    /// <summary>The responder does not know the certificate.</summary>
    public const int Unknown = 2;

    /// <summary>There is a response and it does not verify.</summary>
    public const int Rejected = 3;

    /// <summary>The server sent no staple.</summary>
    public const int NoStaple = 4;

    /// <summary>The command line is wrong (EX_USAGE).</summary>
    public const int Usage = 64;

    /// <summary>A server cannot be reached, a port is taken, or a program cannot be had (EX_UNAVAILABLE).</summary>
    public const int Unreachable = 69;

    /// <summary>A defect of this program (EX_SOFTWARE).</summary>
    public const int Defect = 70;

    /// <summary>A file or folder cannot be made (EX_CANTCREAT).</summary>
    public const int CannotCreate = 73;

    /// <summary>A certificate, key or configuration is broken (EX_CONFIG).</summary>
    public const int Configuration = 78;

    /// <summary>
    /// The code for what a handshake showed: a staple is of no use with a certificate for another name.
    /// </summary>
    public static int Of(StapleReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return report.Staple.Verdict == StapleVerdictKind.Good && !report.IsForName
            ? Rejected
            : Of(report.Staple.Verdict);
    }

    /// <summary>The code for what a staple is worth.</summary>
    public static int Of(StapleVerdictKind verdict) =>
        verdict switch
        {
            StapleVerdictKind.Good => Good,
            StapleVerdictKind.Revoked => Revoked,
            StapleVerdictKind.Unknown => Unknown,
            StapleVerdictKind.Rejected => Rejected,
            _ => NoStaple,
        };

    /// <summary>The code for what a person is to mend.</summary>
    public static int Of(LabFailure failure) =>
        failure switch
        {
            LabFailure.Usage => Usage,
            LabFailure.CannotCreate => CannotCreate,
            LabFailure.Configuration => Configuration,
            _ => Unreachable,
        };
}
