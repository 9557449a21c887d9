cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    readinessProbe:
      exec:
        command: ["wget", "-q", "-O", "-", "http://db/ready"]
      periodSeconds: 2
      failureThreshold: 2
    livenessProbe:
      exec:
        command: ["wget", "-q", "-O", "-", "http://db/ready"]
      periodSeconds: 2
      failureThreshold: 2
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
podlab answer cure a
