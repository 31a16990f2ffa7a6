# One certificate authority and what it signs, for a control plane that lives an hour. Sourced by scripts/stock.

make_key() { openssl ecparam -genkey -name prime256v1 -noout -out "$1" 2>/dev/null; }

# sign NAME SUBJECT USAGE [SUBJECT-ALTERNATIVE-NAMES]
sign() {
  make_key "$dir/pki/$1.key"
  openssl req -new -key "$dir/pki/$1.key" -subj "$2" -out "$dir/pki/$1.csr"
  printf 'keyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=%s\n%s' "$3" "${4:+subjectAltName=$4}" |
    openssl x509 -req -days 30 -in "$dir/pki/$1.csr" -CA "$dir/pki/ca.crt" -CAkey "$dir/pki/ca.key" -CAcreateserial \
      -extfile /dev/stdin -out "$dir/pki/$1.crt" 2>/dev/null
  rm "$dir/pki/$1.csr"
}

make_pki() {
  command -v openssl >/dev/null || die "making certificates needs openssl (install the package openssl)"
  mkdir -p "$dir/pki"
  chmod 0700 "$dir/pki"
  make_key "$dir/pki/ca.key"
  openssl req -x509 -new -key "$dir/pki/ca.key" -subj /CN=stock-ca -days 30 -out "$dir/pki/ca.crt"
  sign apiserver /CN=kube-apiserver serverAuth \
    IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc
  sign admin /O=system:masters/CN=system:admin clientAuth
  sign controller-manager /CN=system:kube-controller-manager clientAuth
  sign scheduler /CN=system:kube-scheduler clientAuth
  openssl genrsa -out "$dir/pki/sa.key" 2048 2>/dev/null
  openssl rsa -in "$dir/pki/sa.key" -pubout -out "$dir/pki/sa.pub" 2>/dev/null
}

# write_kubeconfig NAME SERVER
write_kubeconfig() {
  cat >"$dir/$1.yaml" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: stock, cluster: {server: "$2", certificate-authority: "$dir/pki/ca.crt"}}]
users: [{name: $1, user: {client-certificate: "$dir/pki/$1.crt", client-key: "$dir/pki/$1.key"}}]
contexts: [{name: stock, context: {cluster: stock, user: $1}}]
current-context: stock
EOF
  chmod 0600 "$dir/$1.yaml"
}
