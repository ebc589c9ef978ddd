import java.io.FileInputStream;
import java.security.KeyStore;
import java.security.cert.*;
import java.util.*;
import javax.net.ssl.*;

/** Shakes hands as a Java program does that checks revocation. Arguments: port, server name, root, hard or soft. */
public class Connect {
    public static void main(String[] arguments) throws Exception {
        X509Certificate root;
        try (FileInputStream file = new FileInputStream(arguments[2])) {
            root = (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(file);
        }
        PKIXRevocationChecker checker = (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
        EnumSet<PKIXRevocationChecker.Option> options = EnumSet.of(PKIXRevocationChecker.Option.ONLY_END_ENTITY, PKIXRevocationChecker.Option.NO_FALLBACK);
        if (arguments[3].equals("soft"))
            options.add(PKIXRevocationChecker.Option.SOFT_FAIL);
        checker.setOptions(options);
        PKIXBuilderParameters parameters = new PKIXBuilderParameters(Set.of(new TrustAnchor(root, null)), new X509CertSelector());
        parameters.addCertPathChecker(checker);
        TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
        trust.init(new CertPathTrustManagerParameters(parameters));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, trust.getTrustManagers(), null);
        try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", Integer.parseInt(arguments[0]))) {
            SSLParameters tls = socket.getSSLParameters();
            tls.setServerNames(List.of(new SNIHostName(arguments[1])));
            socket.setSSLParameters(tls);
            socket.setSoTimeout(20_000);
            socket.startHandshake();
        } catch (SSLException exception) {
            Throwable reason = exception;
            while (reason.getCause() != null)
                reason = reason.getCause();
            System.err.println(reason instanceof CertPathValidatorException path && path.getReason() != CertPathValidatorException.BasicReason.UNSPECIFIED ? path.getReason() : reason.getMessage());
            System.exit(1);
        }
    }
}
