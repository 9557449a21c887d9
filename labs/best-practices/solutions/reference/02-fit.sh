kubectl apply -f shop.yaml
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop: ["ALL"]
END
kubectl apply -f shop.yaml
kubectl get pod shop
kubectl describe pod shop
cat > shop.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: shop
spec:
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    seccompProfile:
      type: RuntimeDefault
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    securityContext:
      allowPrivilegeEscalation: false
      capabilities:
        drop: ["ALL"]
END
kubectl delete pod shop --now
kubectl apply -f shop.yaml
kubectl wait --for=condition=Ready pod/shop --timeout=60s
kubectl exec shop -- id
