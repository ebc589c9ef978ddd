using System.CommandLine;
using OcspLab.Cli.CommandLine;
using OcspLab.Cli.Serving;

namespace OcspLab.Cli.Commands;

/// <summary><c>ocsplab responder</c>.</summary>
internal static class ResponderCommand
{
    public static Command Create(LabOptions options)
    {
        var command = new Command(
            "responder",
            "Run an OCSP responder over an index.txt or a CRL, or over the lab's own certificates. With a verb: the "
                + "running lab's responder, 'service' or 'publish'."
        );
        foreach (var verb in ResponderVerbs.Create(options))
            command.Subcommands.Add(verb);
        command.Subcommands.Add(ServiceCommands.Responder());
        command.Subcommands.Add(PublishCommand.Create(options));
        ServeOptions.Configure(command, options);
        return command.WithHelp(
            """
            Examples:
              ocsplab responder --index index.txt --ca ca.pem --rsigner ocsp.pem --rkey ocsp.key --port 8080
                  instead of: openssl ocsp -index index.txt -CA ca.pem -rsigner ocsp.pem -rkey ocsp.key -port 8080
              ocsplab responder --crl http://ca.test/ca.crl --ca ca.pem --rsigner ocsp.pem --rkey ocsp.key
              ocsplab responder publish /srv/ocsp --index …      answers as files, for any web server
              ocsplab responder stop      an outage: the sites go on stapling
              ocsplab responder start
              ocsplab responder fault badSignature echo --requests 3
              ocsplab responder journal
            """
        );
    }
}
