/* Validates a certificate with wolfSSL's own OCSP client. Arguments: responder, root, certificate. */
#include <stdio.h>
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

int main(int count, char **arguments)
{
    static unsigned char der[16384];
    int result, length;
    FILE *file;
    WOLFSSL_CERT_MANAGER *manager;
    if (count != 4 || (file = fopen(arguments[3], "rb")) == NULL)
        return 2;
    length = (int)fread(der, 1, sizeof(der), file);
    fclose(file);
    wolfSSL_Init();
    manager = wolfSSL_CertManagerNew();
    if (wolfSSL_CertManagerLoadCA(manager, arguments[2], NULL) != WOLFSSL_SUCCESS
        || wolfSSL_CertManagerSetOCSPOverrideURL(manager, arguments[1]) != WOLFSSL_SUCCESS
        || wolfSSL_CertManagerEnableOCSP(manager, WOLFSSL_OCSP_URL_OVERRIDE) != WOLFSSL_SUCCESS)
        return 2;
    result = wolfSSL_CertManagerCheckOCSP(manager, der, length);
    puts(result == WOLFSSL_SUCCESS ? "good" : wolfSSL_ERR_reason_error_string(result));
    return result == WOLFSSL_SUCCESS ? 0 : 1;
}
