cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "while true; do wget -qO- http://localhost:9000; sleep 1; done"]
  - name: ambassador
    image: podlab.dev/toolbox:v1
    args: ["proxy", "--listen", "127.0.0.1:80", "--to", "prices-old:80"]
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
