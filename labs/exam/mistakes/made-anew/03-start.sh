kubectl get pod mill -o yaml > mill.yaml
kubectl delete pod mill --now
kubectl patch configmap mill -p '{"data": {"flour": "rye"}}'
cat > mill.yaml <<'END'
apiVersion: v1
kind: Pod
metadata:
  name: mill
spec:
  containers:
  - name: app
    image: podlab.dev/toolbox:v1
    env:
    - name: FLOUR
      valueFrom:
        configMapKeyRef:
          name: mill
          key: flour
END
kubectl apply -f mill.yaml
