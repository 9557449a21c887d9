cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: ambassador
    image: podlab.dev/toolbox:v1
    args: ["proxy", "--listen", "0.0.0.0:9000", "--to", "prices-new:80"]
  - name: app
    image: podlab.dev/toolbox:v1
    command: ["sh", "-c", "while true; do wget -qO- http://localhost:9000; sleep 1; done"]
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
