import java.io.FileInputStream;
import java.net.URI;
import java.security.cert.*;
import java.util.*;

/** Validates a chain with Java's own OCSP client. Arguments: responder, root, certificates from the leaf up. */
public class OcspCheck {
    public static void main(String[] arguments) throws Exception {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> certificates = new ArrayList<>();
        for (String file : Arrays.copyOfRange(arguments, 1, arguments.length)) {
            try (FileInputStream input = new FileInputStream(file)) {
                certificates.add((X509Certificate) factory.generateCertificate(input));
            }
        }
        CertPathValidator validator = CertPathValidator.getInstance("PKIX");
        PKIXRevocationChecker checker = (PKIXRevocationChecker) validator.getRevocationChecker();
        checker.setOptions(EnumSet.of(PKIXRevocationChecker.Option.NO_FALLBACK, PKIXRevocationChecker.Option.ONLY_END_ENTITY));
        checker.setOcspResponder(new URI(arguments[0]));
        PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(certificates.remove(0), null)));
        parameters.addCertPathChecker(checker);
        try {
            validator.validate(factory.generateCertPath(certificates), parameters);
            System.out.println("good");
        } catch (CertPathValidatorException exception) {
            System.out.println(exception.getReason());
        }
    }
}
