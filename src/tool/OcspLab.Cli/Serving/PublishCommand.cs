using System.CommandLine;
using OcspLab.Cli.CommandLine;

namespace OcspLab.Cli.Serving;

/// <summary><c>ocsplab responder publish</c>.</summary>
internal static class PublishCommand
{
    private static readonly Argument<DirectoryInfo> Folder = new("DIR")
    {
        Description = "Where to: DIR/answers for the web server, DIR/nginx.conf to serve it. Made when missing.",
    };
    private static readonly Option<bool> Once = new("--once")
    {
        Description = "Renew what is due and end, for cron or a timer. Without it: until Ctrl-C.",
    };

    public static Command Create(LabOptions options)
    {
        var command = new Command(
            "publish",
            "Write every answer as a file under the path that clients GET it by, and keep the files fresh: OCSP from "
                + "any web server or CDN."
        )
        {
            Folder,
            Once,
        };
        AuthorityArguments.AddTo(command);
        command.SetAction(
            async (arguments, cancellationToken) =>
            {
                await Publisher
                    .RunAsync(
                        arguments.GetValue(Folder)!.FullName,
                        AuthorityArguments.Describe(arguments, options),
                        AuthorityArguments.Validity(arguments),
                        arguments.GetValue(Once) ? PublishMode.Once : PublishMode.Continuously,
                        Console.Out.WriteLine,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
                return ExitCodes.Good;
            }
        );
        return command.WithHelp(
            """
            Examples:
              ocsplab responder publish /srv/ocsp --index index.txt --ca ca.pem --rsigner ocsp.pem --rkey ocsp.key
              ocsplab responder publish /srv/ocsp --once --ndays 7 --index …      every hour, by a timer

            Questions by SHA-1 and GET without a nonce have a file, which is what servers and browsers ask. With --crl
            only what is revoked has one: a CRL does not name the others.
            """
        );
    }
}
