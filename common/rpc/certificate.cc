#include "common/rpc/certificate.h"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "common/base/fs.h"

namespace eida::rpc {

Result<WallTime> CertificateEnd(const std::string& pem_file) {
  EIDA_ASSIGN_OR_RETURN(const std::string text, ReadFile(pem_file));
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), &X509_free);
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &end) != 1) {
    return FailedPrecondition(pem_file + " holds no PEM certificate; name the certificate chain");
  }
  return WallTime{static_cast<int64_t>(timegm(&end)) * 1000};
}

}  // namespace eida::rpc
